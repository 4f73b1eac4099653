import './style/fonts.css';
import './style/tokens.css';
import './style/mantine.css';
import './style/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { startI18n } from './i18n';
import { keepShell, reloadWhenOld } from './install';

function start(): void {
  reloadWhenOld();
  startI18n();
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

// The first script does not wait for the page, so this one may be there before it.
if (document.readyState === 'loading') {
  document.addEventListener('DOMContentLoaded', start);
} else {
  start();
}

/** After the first screen: keeping files must not compete with showing mail. */
const KEEP_AFTER_MS = 3000;
const keep = () => window.setTimeout(() => void keepShell(), KEEP_AFTER_MS);
if (document.readyState === 'complete') {
  keep();
} else {
  window.addEventListener('load', keep);
}
