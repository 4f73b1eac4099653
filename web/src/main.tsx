import './style/fonts.css';
import './style/tokens.css';
import './style/mantine.css';
import './style/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { startI18n } from './i18n';
import { keepShell } from './install';

startI18n();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

// After the first screen: keeping files must not compete with showing mail.
window.addEventListener('load', () => window.setTimeout(() => void keepShell(), 3000));
