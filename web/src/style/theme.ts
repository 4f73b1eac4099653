// The Mantine theme: our ramps, one primary shade for both schemes (a second shade breaks autoContrast) and variables
// that point at tokens.css, so that a colour is written once.
import { Button, CloseButton, createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const ramp = (...colors: string[]) => colors as unknown as MantineColorsTuple;

export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: 8,
  autoContrast: true,
  // The point where black and white text both reach 4.5:1.
  luminanceThreshold: 0.179,
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 6,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { variant: 'filled' } }),
    CloseButton: CloseButton.extend({ defaultProps: { iconSize: 20 } }),
  },
  colors: {
    ink: ramp('#e9eef8', '#d2ddf2', '#aec5f4', '#8fb0f0', '#7096dc', '#5c80c9', '#4167b3', '#35589f', '#2d4e94', '#25437f'),
    gray: ramp('#faf9f6', '#f3f2ee', '#e3e0d9', '#cfcbc1', '#b3aea2', '#8b8679', '#737068', '#5f6675', '#454d5c', '#1a2130'),
    dark: ramp('#e8eaf0', '#bcc3d0', '#9aa3b4', '#78829a', '#3a4250', '#2a303c', '#1f2430', '#181c25', '#141821', '#10131a'),
  },
});

export const cssVariablesResolver: CSSVariablesResolver = () => {
  const tokens = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--t1)',
    '--mantine-color-dimmed': 'var(--t3)',
    '--mantine-color-placeholder': 'var(--t3)',
    '--mantine-color-anchor': 'var(--ink-text)',
    '--mantine-color-error': 'var(--rust-text)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--t1)',
    '--mantine-color-default-border': 'var(--ctl)',
  };
  return { variables: {}, light: tokens, dark: tokens };
};
