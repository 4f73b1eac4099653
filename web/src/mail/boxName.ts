import { useText } from '../i18n';
import { placeOf } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { cleanLine } from '../lib/text';

/** Places have a name in the person's language; a folder of one's own keeps the name it was given. */
export function useBoxName(): (box: Mailbox) => string {
  const { t } = useText();
  return (box) => {
    const place = placeOf(box);
    return place ? t(`box.${place}`) : cleanLine(box.name);
  };
}
