// One box for finding and for doing: what is typed is searched in mail, or names a command in either language.
import { Combobox, useCombobox } from '@mantine/core';
import { IconArrowRight, IconHistory, IconSearch, IconX } from '@tabler/icons-react';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../i18n';
import { useCommands } from '../keys/useKeys';
import { matchCommands, useCommandList } from './commands';
import { recentSearches, rememberSearch } from './recent';
import styles from './SearchBox.module.css';

/** Shown below an empty box: an operator each, to be completed. */
const EXAMPLES = ['from', 'attachment', 'unread', 'after', 'in'] as const;

interface SearchBoxProps {
  /** On phones the box takes the whole header while it is in use. */
  open: boolean;
  onOpen: (open: boolean) => void;
}

export function SearchBox({ open, onOpen }: SearchBoxProps) {
  const { t } = useText();
  const navigate = useNavigate();
  const location = useLocation();
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const input = useRef<HTMLInputElement>(null);
  const asked = location.pathname.startsWith('/mail/search') ? ((location.search as { q?: string }).q ?? '') : '';
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const commands = useCommandList();
  const query = text.trim();
  const found = query === '' ? [] : matchCommands(commands, query).slice(0, 6);
  const recent = query === '' ? recentSearches() : [];

  useCommands((command) => {
    if (command === 'palette') {
      // At once: what is typed next must land in the box. On phones the box is drawn first (see below).
      input.current?.focus();
      input.current?.select();
      onOpen(true);
      box.openDropdown();
    }
  });
  useEffect(() => {
    if (open) {
      input.current?.focus();
    }
  }, [open]);

  function search(words: string) {
    const clean = words.trim();
    box.closeDropdown();
    onOpen(false);
    if (clean !== '') {
      rememberSearch(clean);
      void navigate({ to: '/mail/$box', params: { box: 'search' }, search: { q: clean } });
    }
  }

  function choose(value: string) {
    const [kind, rest] = [value.slice(0, 2), value.slice(2)];
    if (kind === 'c:') {
      box.closeDropdown();
      onOpen(false);
      setText(asked);
      // The focus is still in the box, where letters are text: the command acts on the page.
      input.current?.blur();
      commands.find((item) => item.id === rest)?.run();
    } else if (kind === 'o:') {
      setText(query === '' ? rest : `${text.trimEnd()} ${rest}`);
      input.current?.focus();
      box.openDropdown();
    } else {
      setText(rest);
      search(rest);
    }
  }

  return (
    <search className={styles.search} data-search data-open={open || undefined}>
      <Combobox store={box} onOptionSubmit={choose} withinPortal={false} offset={4} transitionProps={{ duration: 0 }}>
        <Combobox.Target autoComplete="list">
          <div className={styles.field}>
            <IconSearch className={styles.icon} size={18} stroke={1.75} aria-hidden="true" />
            <Combobox.EventsTarget>
              <input
                ref={input}
                type="text"
                className={styles.input}
                enterKeyHint="search"
                aria-label={t('search.label')}
                placeholder={t('search.placeholder')}
                autoComplete="off"
                spellCheck={false}
                value={text}
                onChange={(event) => {
                  setText(event.currentTarget.value);
                  box.openDropdown();
                  box.updateSelectedOptionIndex();
                  box.selectFirstOption();
                }}
                onFocus={() => {
                  onOpen(true);
                  box.openDropdown();
                }}
                onClick={() => box.openDropdown()}
                onBlur={() => {
                  box.closeDropdown();
                  onOpen(false);
                }}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' && !event.defaultPrevented && box.getSelectedOptionIndex() < 0) {
                    event.preventDefault();
                    search(text);
                  } else if (event.key === 'Escape') {
                    event.preventDefault();
                    box.closeDropdown();
                    input.current?.blur();
                  }
                }}
              />
            </Combobox.EventsTarget>
            {text !== '' ? (
              <button
                type="button"
                className={styles.clear}
                aria-label={t('search.clear')}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => {
                  setText('');
                  input.current?.focus();
                }}
              >
                <IconX size={16} stroke={1.75} aria-hidden="true" />
              </button>
            ) : (
              <kbd className={styles.kbd} aria-hidden="true">
                Ctrl K
              </kbd>
            )}
          </div>
        </Combobox.Target>
        <Combobox.Dropdown className={styles.dropdown ?? ''}>
          <Combobox.Options aria-label={t('search.label')}>
            {query !== '' && (
              <Combobox.Option value={`s:${text}`} className={styles.option ?? ''}>
                <IconSearch size={15} stroke={1.75} aria-hidden="true" />
                <span className={styles.word}>{t('search.for', { words: query })}</span>
                <kbd className={styles.key}>{t('key.enter')}</kbd>
              </Combobox.Option>
            )}
            {found.length > 0 && (
              <Combobox.Group label={t('search.commands')}>
                {found.map((item) => (
                  <Combobox.Option key={item.id} value={`c:${item.id}`} className={styles.option ?? ''}>
                    <IconArrowRight size={15} stroke={1.75} aria-hidden="true" />
                    <span className={styles.word}>{item.label}</span>
                    {item.keys && <kbd className={styles.key}>{item.keys}</kbd>}
                  </Combobox.Option>
                ))}
              </Combobox.Group>
            )}
            {recent.length > 0 && (
              <Combobox.Group label={t('search.recent')}>
                {recent.map((item) => (
                  <Combobox.Option key={item} value={`s:${item}`} className={styles.option ?? ''}>
                    <IconHistory size={15} stroke={1.75} aria-hidden="true" />
                    <span className={styles.word}>{item}</span>
                  </Combobox.Option>
                ))}
              </Combobox.Group>
            )}
            {query === '' && (
              <Combobox.Group label={t('search.examples')}>
                {EXAMPLES.map((item) => (
                  <Combobox.Option key={item} value={`o:${t(`search.example.${item}`)}`} className={styles.option ?? ''}>
                    <code className={styles.code}>{t(`search.example.${item}`)}</code>
                    <span className={styles.hint}>{t(`search.hint.${item}`)}</span>
                  </Combobox.Option>
                ))}
              </Combobox.Group>
            )}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
    </search>
  );
}
