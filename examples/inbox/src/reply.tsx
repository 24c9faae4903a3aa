/** An answer in a thread. It reaches those of this thread, and nobody else. */

import { useState } from "react";
import { useClient } from "urql";
import { useAttempt } from "./attempt";
import { useHappened } from "./events";
import { graphql } from "./gql";
import { Preview, usePreview } from "./preview";
import { useTexts } from "./texts";
import { type Outcome, sendOutcome, WriteBox } from "./write_box";

const SEND = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) { message { id } problems { ...ProblemParts } }
  }
`);

interface Props {
  threadId: string;
  unit: { id: string; name: string; phone?: string | null };
  mayBehalf: boolean;
}

export function Reply({ threadId, unit, mayBehalf }: Props) {
  const says = useTexts();
  const client = useClient();
  const happened = useHappened();
  const attempt = useAttempt();
  const [onBehalfOfUnit, setOnBehalf] = useState(false);

  const send = async (body: string, attachmentIds: string[], acknowledgeSensitive: boolean): Promise<Outcome> => {
    const input = { threadId, body, attachmentIds, onBehalfOfUnit, acknowledgeSensitive };
    const result = await client
      .mutation(SEND, { input: { ...input, idempotencyKey: attempt.keyFor(input) } })
      .toPromise();
    const outcome = sendOutcome(result.error, result.data?.sendMessage.problems);
    if (outcome.heard) attempt.answered();
    if (outcome.sent) happened();
    return outcome;
  };

  return (
    <section aria-labelledby="reply">
      <h2 id="reply">{says.thread.reply}</h2>
      <p id="reply-hint">{says.thread.replyTo}</p>
      <WriteBox
        label={says.write.message}
        describedBy="reply-hint"
        unit={unit}
        onSend={send}
        confirmation={says.write.sent}
      >
        <Reach threadId={threadId} />
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
      </WriteBox>
    </section>
  );
}

/** Exactly who will see the answer, for whoever wants to know before. */
function Reach({ threadId }: { threadId: string }) {
  const says = useTexts();
  const [open, setOpen] = useState(false);
  const preview = usePreview({ threadId }, open);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{says.thread.reaches}</summary>
      <Preview preview={preview} ready={open} />
    </details>
  );
}
