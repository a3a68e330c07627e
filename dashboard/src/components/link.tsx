// A link to another page of the dashboard: an ordinary link, so that it can be
// copied and opened in a new tab; a plain click stays in this page.
import type { ComponentChildren, JSX } from "preact";
import { go } from "../live/address";

interface Props extends Omit<JSX.HTMLAttributes<HTMLAnchorElement>, "href" | "onClick"> {
  href: string;
  children: ComponentChildren;
}

export function Link({ href, children, ...rest }: Props) {
  const follow = (event: MouseEvent) => {
    const isPlain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (event.button === 0 && isPlain) {
      event.preventDefault();
      go(href);
      scrollTo(0, 0);
    }
  };
  return (
    <a {...rest} href={href} onClick={follow}>
      {children}
    </a>
  );
}
