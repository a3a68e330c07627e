// The frame around the pages: the product's name and the source of data.
import { type QueryClient, QueryClientProvider } from "@tanstack/preact-query";
import { Mark } from "./components/icons";
import { StoresPage } from "./pages/stores";
import { words } from "./words";

export function App({ client }: { client: QueryClient }) {
  return (
    <QueryClientProvider client={client}>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          {words.product}
        </a>
      </header>
      <StoresPage />
    </QueryClientProvider>
  );
}
