// Who may: the keys of one's own tenant and, for who runs the platform, the tenants.
import { Commands } from "../components/commands";
import { KeyList } from "../components/key-list";
import { Nothing, Page, useNotices } from "../components/page";
import { TenantList } from "../components/tenant-list";
import { useMay } from "../live/whoami";
import { words } from "../words";

const BODY = "-H 'Content-Type: application/json'";

export function AccessPage() {
  const { notices, addNotice } = useNotices();
  const may = useMay();
  return (
    <Page title={may.runPlatform ? words.access.title : words.access.titleKeys} looks={[]}>
      {notices}
      {may.giveKeys ? (
        <KeyList onProblem={addNotice} />
      ) : (
        <Nothing title={words.forbidden.title} text={words.forbidden.text} />
      )}
      {may.runPlatform && <TenantList onProblem={addNotice} />}
      <Commands
        commands={[
          { title: words.access.keys, path: "/keys", cli: "key list" },
          {
            title: words.access.newKey,
            args: `-X POST ${BODY} -d '{"name": "ci", "role": "operator"}'`,
            path: "/keys",
            cli: "key create ci --role operator --days 90",
          },
          {
            title: words.access.revoke,
            args: "-X DELETE",
            path: "/keys/$KEY",
            cli: "key revoke $KEY",
          },
          ...(may.runPlatform
            ? [
                { title: words.access.tenants, path: "/tenants", cli: "tenant list" },
                {
                  title: words.access.newTenant,
                  args: `-X POST ${BODY} -d '{"name": "acme", "max_stores": 10}'`,
                  path: "/tenants",
                  cli: "tenant create acme --max-stores 10",
                },
              ]
            : []),
        ]}
      />
    </Page>
  );
}
