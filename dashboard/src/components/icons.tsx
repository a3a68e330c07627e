// The few drawings of the page, as inline SVG in the text's colour. All are
// decoration: what they mean is always said in words beside them.
import type { ComponentChildren } from "preact";

function Icon({ children, name }: { children: ComponentChildren; name?: string }) {
  return (
    <svg
      class={name ? `icon icon-${name}` : "icon"}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const Mark = () => (
  <Icon name="mark">
    <path d="M3 12c4 2 10 .5 10-3s-7.5-2-7.5-4.5S9.5 2 12.5 3.5" />
  </Icon>
);
export const Check = () => (
  <Icon>
    <path d="M3.5 8.5l3 3 6-7" />
  </Icon>
);
export const Cross = () => (
  <Icon>
    <path d="M4 4l8 8M12 4l-8 8" />
  </Icon>
);
export const Clock = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 5v3l2 1.5" />
  </Icon>
);
export const Spinner = () => (
  <Icon name="spin">
    <circle class="spin-track" cx="8" cy="8" r="5.5" />
    <path d="M8 2.5a5.5 5.5 0 0 1 5.5 5.5" />
  </Icon>
);
export const Pause = () => (
  <Icon>
    <path d="M6 4v8M10 4v8" />
  </Icon>
);
export const Ring = () => (
  <Icon>
    <circle cx="8" cy="8" r="4" />
  </Icon>
);
export const Alert = () => (
  <Icon>
    <path d="M8 2.5l6 10.5H2zM8 6.5v3M8 11.3v.1" />
  </Icon>
);
export const Chevron = () => (
  <Icon name="chevron">
    <path d="M6 4l4 4-4 4" />
  </Icon>
);
export const Plus = () => (
  <Icon>
    <path d="M8 3v10M3 8h10" />
  </Icon>
);
export const Away = () => (
  <Icon name="away">
    <path d="M6 3h7v7M13 3l-8 8" />
  </Icon>
);
export const Again = () => (
  <Icon>
    <path d="M12.9 6.5A5.2 5.2 0 1 0 13.2 8M13.5 3v3.5H10" />
  </Icon>
);
export const Cut = () => (
  <Icon>
    <path d="M2.5 8h3M10.5 8h3M7 11.5l2-7" />
  </Icon>
);
export const Bin = () => (
  <Icon>
    <path d="M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9" />
  </Icon>
);
export const Person = () => (
  <Icon>
    <circle cx="8" cy="5.5" r="2.75" />
    <path d="M2.75 13.5c.6-2.7 2.6-4 5.25-4s4.65 1.3 5.25 4" />
  </Icon>
);
export const Key = () => (
  <Icon>
    <circle cx="5" cy="8" r="2.75" />
    <path d="M7.75 8H14M11.5 8v2.5" />
  </Icon>
);
export const Back = () => (
  <Icon>
    <path d="M10 4L6 8l4 4" />
  </Icon>
);
