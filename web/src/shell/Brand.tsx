// The mark: a wax seal with an S. The outline is also the seal of level 3 and the ornament of the log-in page.
export const SEAL =
  'M46.2 24C46 25.2 44.8 26.4 44.2 27.6C43.6 28.7 42.9 29.6 42.6 30.8C42.3 31.9 42.6 33.3 42.3 34.6C42 35.8 41.6 37.2 40.8 38.1C40 39 38.6 39.4 37.5 40.1C36.4 40.7 35.3 41.1 34.3 41.9C33.3 42.6 32.5 43.8 31.4 44.4C30.4 45 29 45.6 27.8 45.6C26.6 45.5 25.2 44.6 24 44.2C22.8 43.8 21.8 43.3 20.6 43.1C19.4 43 18.2 43.5 16.9 43.5C15.7 43.4 14.3 43.3 13.2 42.7C12.1 42.1 11.4 40.9 10.5 40.1C9.6 39.2 8.9 38.3 7.9 37.5C6.9 36.7 5.3 36.3 4.4 35.3C3.5 34.4 2.5 33.2 2.3 31.9C2 30.6 2.6 29.1 2.8 27.7C3 26.4 3.5 25.2 3.5 24C3.5 22.8 3 21.5 3.1 20.3C3.1 19.1 3.2 17.7 3.8 16.6C4.3 15.5 5.6 14.7 6.4 13.8C7.2 12.9 7.9 12.1 8.6 11C9.2 10 9.3 8.4 10 7.4C10.7 6.3 11.7 5.1 12.8 4.6C13.9 4.1 15.5 4.3 16.8 4.3C18.1 4.2 19.3 4.4 20.5 4.2C21.7 4 22.8 3.2 24 3.1C25.2 2.9 26.5 2.8 27.7 3.1C28.8 3.5 29.8 4.6 30.8 5.2C31.9 5.8 32.7 6.4 33.9 6.8C35.1 7.2 36.7 7 37.9 7.4C39.2 7.8 40.6 8.4 41.5 9.3C42.3 10.3 42.5 11.8 43 13C43.4 14.3 43.6 15.5 44.1 16.7C44.6 17.9 45.6 18.9 45.9 20.1C46.3 21.4 46.5 22.8 46.2 24Z';
export const LETTER =
  'M30.6 17.9C29.3 15.6 26.9 14.4 24 14.4c-3.9 0-6.8 2-6.8 4.9 0 6.6 13.9 3.2 13.9 9.7 0 3-3 5-7.1 5-3.2 0-5.8-1.3-7.2-3.7';

export function Brand() {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 10 }}>
      <svg width="30" height="30" viewBox="0 0 48 48" aria-hidden="true">
        <path fill="var(--wax-brand)" d={SEAL} />
        <circle cx="24" cy="24" r="15.9" fill="none" stroke="#fff" strokeOpacity=".34" strokeWidth="1.3" />
        <path fill="none" stroke="#fff" strokeWidth="3.3" strokeLinecap="round" strokeLinejoin="round" d={LETTER} />
      </svg>
      <span style={{ fontSize: 17, fontWeight: 600 }}>Sigillo</span>
    </span>
  );
}
