import { useContext } from "react";
import { type Language, LanguageContext } from "./texts";

const NAMES: Record<Language, string> = { nb: "Norsk", en: "English" };

export function LanguageChoice({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const current = useContext(LanguageContext);
  return (
    <div className="languages" role="group" aria-label="Språk / Language">
      {(Object.keys(NAMES) as Language[]).map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={language === current}
          onClick={() => onLanguage(language)}
        >
          {NAMES[language]}
        </button>
      ))}
    </div>
  );
}
