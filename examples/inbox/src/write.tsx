/** A new conversation: about whom, at which unit, to whom; and before it is sent, who will see it. */

import { useId, useState } from "react";
import { useClient } from "urql";
import { useAnswer } from "./asking";
import { useAttempt } from "./attempt";
import { useAnnounce } from "./events";
import { graphql } from "./gql";
import type { WriteAboutQuery } from "./gql/graphql";
import { useMe } from "./me";
import { Failed, Heading, Waiting } from "./parts";
import { Preview, usePreview } from "./preview";
import { Recipients, type Someone, staffAround } from "./recipients";
import { goTo } from "./routes";
import { useTexts } from "./texts";
import { type Outcome, sendOutcome, WriteBox } from "./write_box";

const WHOM = graphql(`
  query Whom {
    viewer { pupils(first: 500) { nodes { id name groups { name } } } }
  }
`);

const ABOUT = graphql(`
  query WriteAbout($child: ID!) {
    node(id: $child) {
      __typename
      ... on Child {
        id
        name
        relations
        units { id name kind phone staff { id name } }
        groups { unit { id } staff { id name } }
        guardians { id name }
        delegates { unit { id } adult { id name } }
      }
    }
  }
`);

const START = graphql(`
  mutation StartThread($input: StartThreadInput!) {
    startThread(input: $input) { threads { id } problems { ...ProblemParts } }
  }
`);

type About = Extract<WriteAboutQuery["node"], { __typename: "Child" }>;

export function Write({ child, unit }: { child: string | null; unit: string | null }) {
  const says = useTexts();
  const me = useMe();
  const id = useId();
  const { data, failure, refresh } = useAnswer(WHOM, {}, { live: false });
  const [chosen, setChosen] = useState(child ?? (me.children.length === 1 ? me.children[0]?.id : null) ?? "");
  if (!data) return failure ? <Failed failure={failure} onRetry={refresh} /> : <Waiting />;
  const names = new Map(me.children.map((one) => [one.id, one.name]));
  for (const pupil of data.viewer.pupils.nodes) {
    // Two pupils may bear the same name.
    names.set(pupil.id, [pupil.name, ...pupil.groups.map(({ name }) => name)].join(", "));
  }
  return (
    <>
      <Heading title={says.write.title}>{says.write.title}</Heading>
      {names.size === 0 ? (
        <p className="notice">{says.write.nobody}</p>
      ) : (
        <>
          <label htmlFor={id}>{says.write.child}</label>
          <select id={id} value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            <option value="">{says.write.choose}</option>
            {[...names].map(([key, name]) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        </>
      )}
      {chosen !== "" && <AboutChild key={chosen} child={chosen} unit={unit} />}
    </>
  );
}

function AboutChild({ child, unit }: { child: string; unit: string | null }) {
  const says = useTexts();
  const me = useMe();
  const id = useId();
  const { data, failure, refresh } = useAnswer(ABOUT, { child }, { live: false });
  const [wanted, setWanted] = useState(unit);
  if (!data) return failure ? <Failed failure={failure} onRetry={refresh} /> : <Waiting />;
  const about = data.node;
  if (about?.__typename !== "Child") return <p className="notice">{says.write.nobody}</p>;
  const family = me.children.some((one) => one.id === child);
  // Staff write for the units where they work, the home to any unit of the child.
  const units = about.units.filter((one) => family || me.units.some((own) => own.id === one.id));
  const at = units.find((one) => one.id === wanted) ?? (units.length === 1 ? units[0] : undefined);
  return (
    <>
      {units.length > 1 && (
        <>
          <label htmlFor={id}>{says.write.unit}</label>
          <select id={id} value={at?.id ?? ""} onChange={(event) => setWanted(event.currentTarget.value)}>
            <option value="">{says.write.choose}</option>
            {units.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </>
      )}
      {at && <NewThread key={at.id} about={about} unit={at} family={family} />}
    </>
  );
}

/** Whom one may think of; who may really be written to, the preview says. */
function candidates(about: About, unit: About["units"][number], family: boolean): Someone[] {
  if (!family) {
    const delegates = (about.delegates ?? []).filter((one) => one.unit.id === unit.id).map(({ adult }) => adult);
    return [...(about.guardians ?? []), ...delegates.filter((adult) => adult !== null)];
  }
  return staffAround(about.groups, unit);
}

interface NewThreadProps {
  about: About;
  unit: About["units"][number];
  family: boolean;
}

function NewThread({ about, unit, family }: NewThreadProps) {
  const says = useTexts();
  const client = useClient();
  const attempt = useAttempt();
  const announce = useAnnounce();
  const subjectId = useId();
  const [subject, setSubject] = useState("");
  const [recipientIds, setRecipients] = useState<string[]>([]);
  const [joint, setJoint] = useState(false);
  const [onBehalfOfUnit, setOnBehalf] = useState(false);
  const choices = candidates(about, unit, family);
  const ready = family || recipientIds.length > 0;
  const several = !family && recipientIds.length > 1;
  const reach = { unitId: unit.id, childId: about.id, recipientIds, joint: joint && several };
  const preview = usePreview(reach, ready);
  const mayBehalf = !family && about.relations.some((one) => one === "UNIT_STAFF" || one === "UNIT_LEADER");

  const send = async (body: string, attachmentIds: string[], acknowledgeSensitive: boolean): Promise<Outcome> => {
    const input = {
      ...reach,
      subject,
      body,
      attachmentIds,
      onBehalfOfUnit,
      acknowledgeSensitive,
      previewToken: preview.shown?.previewToken ?? null,
    };
    const { data, error } = await client
      .mutation(START, { input: { ...input, idempotencyKey: attempt.keyFor(input) } })
      .toPromise();
    const outcome = sendOutcome(error, data?.startThread.problems);
    if (outcome.heard) attempt.answered();
    if (outcome.problems.some(({ code }) => code === "CONFLICT")) preview.refresh();
    if (outcome.sent) {
      const [first, ...others] = data?.startThread.threads ?? [];
      announce(others.length === 0 ? says.write.sent : says.write.sentMany(others.length + 1));
      goTo(first && others.length === 0 ? { page: "thread", id: first.id } : { page: "inbox", filter: {} });
    }
    return outcome;
  };
  const missing = () => {
    if (!ready) return says.write.missing.to;
    if (preview.shown === null && !preview.asking) return says.write.previewWaits;
    if (subject.trim() === "") return says.write.missing.subject;
    return null;
  };

  return (
    <>
      <Recipients
        choices={choices}
        chosen={recipientIds}
        onChosen={setRecipients}
        wholeUnit={family ? unit.name : null}
      />
      {several && (
        <label className="check">
          <input type="checkbox" checked={joint} onChange={(event) => setJoint(event.currentTarget.checked)} />
          <span>
            {says.write.joint} <small>{says.write.jointHint}</small>
          </span>
        </label>
      )}
      {mayBehalf && (
        <label className="check">
          <input
            type="checkbox"
            checked={onBehalfOfUnit}
            onChange={(event) => setOnBehalf(event.currentTarget.checked)}
          />
          {says.write.onBehalf(unit.name)}
        </label>
      )}
      <Preview preview={preview} ready={ready} />
      <label htmlFor={subjectId}>{says.write.subject}</label>
      <input
        id={subjectId}
        value={subject}
        maxLength={200}
        onChange={(event) => setSubject(event.currentTarget.value)}
      />
      <WriteBox
        label={says.write.message}
        unit={unit}
        onSend={send}
        missing={missing}
        waiting={preview.asking}
        besides={{ subject }}
        confirmation={says.write.sent}
      />
    </>
  );
}
