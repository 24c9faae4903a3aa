/** Small parts that several pages share. */

import { type ReactNode, useEffect, useRef } from "react";
import type { Failure } from "./client";
import { useTexts } from "./texts";

/** A page's heading. It takes the focus when the page is come to, so that keyboard and screen reader begin there. */
export function Heading({ children, title }: { children: ReactNode; title: string }) {
  const says = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    scrollTo(0, 0);
  }, []);
  useEffect(() => {
    document.title = title === says.title ? title : `${title} – ${says.title}`;
  }, [title, says]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function Waiting() {
  return <p role="status">{useTexts().loading}</p>;
}

export function Failed({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  const says = useTexts();
  return (
    <div className="notice bad" role="alert">
      <p>{failure.network ? says.failed.network : (failure.text ?? says.failed.unexpected)}</p>
      {failure.requestId && <p>{says.failed.reference(failure.requestId)}</p>}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          {says.retry}
        </button>
      )}
    </div>
  );
}

export function Gone({ text }: { text: string }) {
  const says = useTexts();
  return (
    <>
      <Heading title={says.title}>{says.title}</Heading>
      <p className="notice">{text}</p>
    </>
  );
}
