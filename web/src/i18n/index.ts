// Two languages, loaded with the page; the choice is remembered on this device.
import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import en from './en.json';
import it from './it.json';

export const LANGUAGES = ['it', 'en'] as const;
export type Lang = (typeof LANGUAGES)[number];
export type Key = keyof typeof it;

const STORE = 'sigillo.lang';

function isLang(value: unknown): value is Lang {
  return value === 'it' || value === 'en';
}

/** Private windows may refuse storage: then the choice lasts as long as the page. */
function stored(): Lang | null {
  try {
    const value = localStorage.getItem(STORE);
    return isLang(value) ? value : null;
  } catch {
    return null;
  }
}

function apply(lang: Lang): void {
  document.documentElement.lang = lang;
}

export function startI18n(): void {
  const lang = stored() ?? (navigator.languages.find((item) => /^(it|en)\b/.test(item))?.slice(0, 2) as Lang) ?? 'it';
  void i18next.use(initReactI18next).init({
    lng: lang,
    fallbackLng: false,
    supportedLngs: LANGUAGES,
    // Keys are flat names with dots in them.
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { it: { translation: it }, en: { translation: en } },
    initAsync: false,
  });
  apply(lang);
}

export function setLang(lang: Lang): void {
  try {
    localStorage.setItem(STORE, lang);
  } catch {
    // Nothing to remember it in.
  }
  apply(lang);
  void i18next.changeLanguage(lang);
}

/** The account's language counts only until the person chose one on this device. */
export function suggestLang(lang: unknown): void {
  if (stored() === null && isLang(lang) && lang !== i18next.language) {
    apply(lang);
    void i18next.changeLanguage(lang);
  }
}

/** Translation, the language for server texts, and the locale for Intl. */
export function useText() {
  const { t, i18n } = useTranslation();
  const lang: Lang = i18n.language === 'en' ? 'en' : 'it';
  return { t, lang, locale: lang === 'it' ? 'it-IT' : 'en-GB' };
}
