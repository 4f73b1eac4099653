// Pictures that came inside the message and that its HTML names by Content-ID. They are fetched from our own server only.
import { useQuery } from '@tanstack/react-query';
import { client } from '../jmap/mail';
import type { BodyPart, Email } from '../jmap/types';

const IMAGES_MAX = 30;
const BYTES_MAX = 4_000_000;
const SHOWN = /^image\/(png|jpeg|gif|webp)$/i;
const NONE: ReadonlyMap<string, string> = new Map();

const bareCid = (cid: string) => cid.replace(/^<|>$/g, '');

/** Whether the part is drawn inside the text, so that it needs no tile. */
export function isInline(part: BodyPart, html: string): boolean {
  return part.cid != null && SHOWN.test(part.type) && html.includes(`cid:${bareCid(part.cid)}`);
}

async function dataUrl(part: BodyPart): Promise<string> {
  const response = await fetch(await client.downloadUrl(part.blobId!, part.name ?? 'image', part.type));
  if (!response.ok) {
    throw new Error(String(response.status));
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return `data:${part.type.toLowerCase()};base64,${btoa(text)}`;
}

export function useInlineImages(email: Email, html: string): ReadonlyMap<string, string> {
  const parts = email.attachments.filter((part) => part.blobId && part.size <= BYTES_MAX && isInline(part, html)).slice(0, IMAGES_MAX);
  const query = useQuery({
    queryKey: ['inline', email.id],
    enabled: parts.length > 0,
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async () => {
      const found = await Promise.all(
        parts.map(async (part) => [bareCid(part.cid!), await dataUrl(part).catch(() => '')] as const),
      );
      return new Map(found.filter(([, url]) => url !== ''));
    },
  });
  return query.data ?? NONE;
}
