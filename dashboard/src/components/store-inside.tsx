// What a store is made of: its pods with their containers, its volumes, what it
// takes of its plan and, for who may change it, its last words. Names and lines are
// strangers' words: they are put in as text.
import { useState } from "preact/hooks";
import type { Container, Inside, Pod } from "../api/types";
import { ago, exact } from "../format/time";
import { useInside } from "../live/inside";
import { useMay } from "../live/whoami";
import { shareOf, written } from "../store/quantity";
import { say, words } from "../words";
import { ConnectionBanner } from "./connection-banner";
import { Alert, Check } from "./icons";
import { LogsDialog } from "./logs-dialog";
import { Nothing } from "./page";

export function StoreInside({ id, now }: { id: string; now: number }) {
  const { data, error, seenAt } = useInside(id);
  return (
    <>
      <ConnectionBanner error={error} seenAt={seenAt} />
      {!data && !error && <p class="fine">{words.inside.loading}</p>}
      {data && data.pods.length + data.volumes.length + data.usage.length === 0 && (
        <Nothing title={words.inside.none} text={words.inside.noneText} />
      )}
      {data && <Found id={id} inside={data} now={now} />}
    </>
  );
}

function Found({ id, inside, now }: { id: string; inside: Inside; now: number }) {
  const { pods, volumes, usage } = inside;
  return (
    <div class="inside">
      {pods.length > 0 && (
        <section aria-labelledby="pods">
          <h2 id="pods">{words.inside.pods}</h2>
          <ul class="pods">
            {pods.map((pod) => (
              <PodCard key={pod.name} id={id} pod={pod} now={now} />
            ))}
          </ul>
        </section>
      )}
      {usage.length > 0 && (
        <section class="card" aria-labelledby="usage">
          <h2 id="usage">{words.inside.usage}</h2>
          <p class="fine">{words.inside.usageText}</p>
          <dl class="usage">
            {usage.map(({ resource, used, limit }) => (
              <Share key={resource} resource={resource} used={used} limit={limit} />
            ))}
          </dl>
        </section>
      )}
      {volumes.length > 0 && (
        <section class="card" aria-labelledby="volumes">
          <h2 id="volumes">{words.inside.volumes}</h2>
          <dl class="facts">
            {volumes.map((volume) => (
              <VolumeLine key={volume.name} {...volume} />
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

function PodCard({ id, pod, now }: { id: string; pod: Pod; now: number }) {
  const { name, phase, ready, started_at, containers } = pod;
  const isEnded = phase === "Succeeded";
  const Sign = ready || isEnded ? Check : Alert;
  return (
    <li class="card pod">
      <div class="pod-head">
        <h3>
          <code>{name}</code>
        </h3>
        <span class={`badge tone-${ready ? "good" : isEnded ? "calm" : "warn"}`}>
          <Sign />
          {ready ? words.inside.ready : say<string>(words.inside.phase, phase)}
        </span>
        {started_at && (
          <time class="fine" dateTime={started_at} title={exact(started_at)}>
            {words.inside.since(ago(started_at, now))}
          </time>
        )}
      </div>
      <ul class="containers">
        {containers.map((container) => (
          <ContainerLine key={container.name} id={id} pod={name} container={container} />
        ))}
      </ul>
    </li>
  );
}

interface LineProps {
  id: string;
  pod: string;
  container: Container;
}

function ContainerLine({ id, pod, container }: LineProps) {
  const [isReading, setIsReading] = useState(false);
  const may = useMay();
  const { name, image, state, reason, restarts } = container;
  const isIll = state === "Waiting" && reason !== "" && reason !== "PodInitializing";
  return (
    <li>
      <div>
        <strong>{name}</strong>
        <span class={isIll ? "warn" : undefined}>
          {say<string>(words.inside.state, state)}
          {reason && reason !== "Completed" && `: ${reason}`}
          {restarts > 0 && ` · ${words.inside.restarts(restarts)}`}
        </span>
        <code class="fine">{image}</code>
      </div>
      {may.change && (
        <button
          type="button"
          class="quiet"
          aria-label={words.inside.logsOf(name, pod)}
          onClick={() => setIsReading(true)}
        >
          {words.inside.logs}
        </button>
      )}
      {isReading && (
        <LogsDialog
          id={id}
          pod={pod}
          container={name}
          hasPrevious={restarts > 0}
          onClose={() => setIsReading(false)}
        />
      )}
    </li>
  );
}

function VolumeLine({ name, size, phase }: Inside["volumes"][number]) {
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        {written(size)} · {say<string>(words.inside.volumePhase, phase)}
      </dd>
    </>
  );
}

function Share({ resource, used, limit }: Inside["usage"][number]) {
  const share = shareOf(used, limit);
  return (
    <>
      <dt>{say<string>(words.inside.resource, resource)}</dt>
      <dd>
        {share !== undefined && (
          <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar-track" width="100" height="4" />
            <rect class="bar-part" width={share * 100} height="4" />
          </svg>
        )}
        {words.inside.of(written(used), written(limit))}
      </dd>
    </>
  );
}
