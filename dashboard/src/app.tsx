// The whole dashboard: who looks at it, which page its address means, and the
// frame around that page.
import { useState } from "preact/hooks";
import { needsLogin } from "./api/session";
import { Frame } from "./components/frame";
import { Page, useNotices } from "./components/page";
import { useAddress } from "./live/address";
import type { Answers } from "./live/answers";
import { AnswersOfPage } from "./live/look";
import { useStream } from "./live/stream";
import { Me, useWhoami } from "./live/whoami";
import { AccessPage } from "./pages/access";
import { AuditPage } from "./pages/audit";
import { LettersPage } from "./pages/letters";
import { LoginPage } from "./pages/login";
import { NowherePage } from "./pages/nowhere";
import { OverviewPage } from "./pages/overview";
import { StorePage } from "./pages/store";
import { StoresPage } from "./pages/stores";
import { type Route, routeOf } from "./route";
import { words } from "./words";

export function App({ answers }: { answers: Answers }) {
  return (
    <AnswersOfPage.Provider value={answers}>
      <Dashboard />
    </AnswersOfPage.Provider>
  );
}

function Dashboard() {
  const [, draw] = useState(0);
  const { pathname } = useAddress();
  const { data, error, seenAt } = useWhoami();
  const { notices, addNotice } = useNotices();
  const isStranger = needsLogin(error);
  useStream(data !== undefined && !isStranger);
  const me = isStranger ? undefined : data;
  const route = routeOf(pathname);

  return (
    <Me.Provider value={me}>
      <Frame
        me={me}
        route={route}
        onPreference={() => draw((count) => count + 1)}
        onProblem={addNotice}
      />
      {notices}
      {isStranger && <LoginPage />}
      {me && <Shown route={route} />}
      {!me && !isStranger && (
        <Page title={words.frame.loading} looks={[{ error, seenAt }]}>
          {null}
        </Page>
      )}
    </Me.Provider>
  );
}

function Shown({ route }: { route: Route }) {
  switch (route.page) {
    case "overview":
      return <OverviewPage />;
    case "stores":
      return <StoresPage />;
    case "store":
      return <StorePage key={route.id} id={route.id} section={route.section} />;
    case "audit":
      return <AuditPage />;
    case "letters":
      return <LettersPage />;
    case "access":
      return <AccessPage />;
    default:
      return <NowherePage />;
  }
}
