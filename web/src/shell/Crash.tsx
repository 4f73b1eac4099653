import { Component, type ReactNode } from 'react';
import { useText } from '../i18n';
import { State } from './State';

function CrashScreen({ error }: { error: Error }) {
  const { t } = useText();
  return (
    <main>
      <State
        title={t('app.crash.title')}
        text={t('app.crash.text')}
        heading="h1"
        action={{ label: t('app.crash.reload'), run: () => window.location.reload() }}
      >
        <code className="mono">{`${error.name}: ${error.message}`}</code>
      </State>
    </main>
  );
}

/** A fault of our own drawing code ends here and says so, instead of a blank page. */
export class Crash extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? <CrashScreen error={this.state.error} /> : this.props.children;
  }
}
