import { useText } from '../i18n';

/** A plain anchor would change the address that the router reads, so the focus is moved by hand. */
export function SkipLink() {
  const { t } = useText();
  return (
    <a
      className="skip"
      href="#main"
      onClick={(event) => {
        event.preventDefault();
        document.getElementById('main')?.focus();
      }}
    >
      {t('app.skip')}
    </a>
  );
}
