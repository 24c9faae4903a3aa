/** Times as people say them, in the unit's time zone and not the traveller's. */

import { useMemo } from "react";
import { type Language, useLanguage } from "./texts";

const LOCALES: Record<Language, string> = { nb: "nb-NO", en: "en-GB" };

export function useTimes(): { moment: (at: string) => string; day: (at: string) => string } {
  const language = useLanguage();
  return useMemo(() => {
    const zone = { timeZone: "Europe/Oslo" } as const;
    const moment = new Intl.DateTimeFormat(LOCALES[language], { dateStyle: "medium", timeStyle: "short", ...zone });
    const day = new Intl.DateTimeFormat(LOCALES[language], { dateStyle: "medium", ...zone });
    return { moment: (at) => moment.format(new Date(at)), day: (at) => day.format(new Date(at)) };
  }, [language]);
}
