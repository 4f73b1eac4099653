// What can be done by name. Labels are matched in both languages, whichever is on screen.
import { useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import i18next from 'i18next';
import { setLang, useText, type Key } from '../i18n';
import { boxSlug, mailboxesQuery, placeOf, rightsQuery } from '../jmap/mail';
import { BINDINGS, runCommand, type Command } from '../keys/keys';
import { useBoxName } from '../mail/boxName';
import { useLeave } from '../shell/Header';
import { SETTINGS } from '../shell/Rail';

export interface NamedCommand {
  id: string;
  label: string;
  /** What is matched: the label in both languages. */
  match: string;
  keys?: string;
  run: () => void;
}

const ACTS: Command[] = ['archive', 'trash', 'junk', 'flag', 'unread', 'move', 'report', 'context', 'undo'];

export function keysOf(command: Command): string {
  return (BINDINGS.find((item) => item.command === command)?.keys ?? '').replace(/\b[a-z]\b/g, (letter) => letter.toUpperCase());
}

export function useCommandList(): NamedCommand[] {
  const { t, lang } = useText();
  const navigate = useNavigate();
  const path = useLocation().pathname;
  const rights = useQuery(rightsQuery).data;
  const boxes = useQuery(mailboxesQuery).data;
  const name = useBoxName();
  const leave = useLeave();
  const { setColorScheme } = useMantineColorScheme();
  const both = (key: Key, more = '') => `${i18next.getFixedT('it')(key)} ${i18next.getFixedT('en')(key)} ${more}`;
  const named = (id: string, key: Key, run: () => void, keys?: string): NamedCommand => ({
    id,
    label: t(key),
    match: both(key),
    run,
    ...(keys ? { keys } : {}),
  });

  const list: NamedCommand[] = [];
  if (path.startsWith('/mail') && rights && !rights.readOnly) {
    list.push(...ACTS.map((act) => named(act, `key.${act}` as Key, () => runCommand(act), keysOf(act))));
  }
  for (const box of boxes ?? []) {
    const place = placeOf(box);
    list.push({
      id: `box-${box.id}`,
      label: t('search.goto', { place: name(box) }),
      match: `${i18next.getFixedT('it')('search.goto', { place: '' })} ${i18next.getFixedT('en')('search.goto', { place: '' })} ${place ? both(`box.${place}` as Key) : box.name}`,
      run: () => void navigate({ to: '/mail/$box', params: { box: boxSlug(box) } }),
    });
  }
  if (rights?.admin) {
    list.push(...SETTINGS.map((page) => named(`settings-${page}`, `settings.${page}` as Key, () => void navigate({ to: '/settings/$page', params: { page } }))));
  }
  list.push(
    named('light', 'search.light', () => setColorScheme('light')),
    named('dark', 'search.dark', () => setColorScheme('dark')),
    { id: 'lang', label: lang === 'it' ? 'English' : 'Italiano', match: both('app.language', 'english inglese italiano italian'), run: () => setLang(lang === 'it' ? 'en' : 'it') },
    named('sheet', 'key.sheet', () => runCommand('sheet'), 'F1'),
    named('leave', 'app.logout', () => void leave()),
  );
  return list;
}

const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Commands in whose labels each word of the query begins a word. */
export function matchCommands(list: readonly NamedCommand[], query: string): NamedCommand[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return words.length === 0 || query.includes(':')
    ? []
    : list.filter((item) => {
        const known = fold(item.match).split(/[^\p{L}\p{N}]+/u);
        return words.every((word) => word.length > 1 && known.some((part) => part.startsWith(word)));
      });
}
