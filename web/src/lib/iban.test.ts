import { describe, expect, it } from 'vitest';
import { ibanCompare, ibanDifference, ibanGroups, ibanLike, ibanSegments } from './iban';

const IT = 'IT60X0542811101000000123456';
const LT = 'LT129990000204179981';

describe('ibanCompare', () => {
  it('marks every group of another country', () => {
    expect(ibanCompare(IT, LT).every((group) => group.differs)).toBe(true);
    expect(ibanCompare(IT, LT).map((group) => group.text)).toEqual(['LT12', '9990', '0002', '0417', '9981']);
  });
  it('marks only the groups that changed', () => {
    const now = 'IT60X0542811101000000123999';
    expect(ibanCompare(IT, now).filter((group) => group.differs)).toEqual([{ text: '999', differs: true }]);
  });
  it('marks groups that were not there before', () => {
    expect(ibanCompare('LT12', LT).map((group) => group.differs)).toEqual([false, true, true, true, true]);
  });
  it('ignores how the numbers are spaced', () => {
    expect(ibanCompare(IT, 'it60x 0542811101 000000-123456').some((group) => group.differs)).toBe(false);
  });
});

describe('ibanDifference', () => {
  it.each([
    [IT, IT, []],
    [IT, LT, ['country', 'bank', 'account']],
    [IT, 'IT60X0542811101000000123457', ['account']],
    [IT, 'IT60X0300211101000000123456', ['bank']],
    [IT, 'IT60X0300211101000000123457', ['bank', 'account']],
    [IT, 'IT61X0542811101000000123456', ['account']],
    ['XX00000000000000000', 'XX00000000000000001', ['account']],
  ])('%s → %s', (old, now, expected) => {
    expect(ibanDifference(old, now)).toEqual(expected);
  });
});

describe('ibanSegments', () => {
  it.each([
    ['no number here', ['no number here']],
    [`pay ${LT} now`, ['pay ', LT, ' now']],
    ['IBAN: IT60 X054 2811 1010 0000 0123 456 entro domani', ['IBAN: ', 'IT60 X054 2811 1010 0000 0123 456', ' entro domani']],
    [LT, [LT]],
    ['', []],
  ])('%s', (text, expected) => {
    expect(ibanSegments(text).map((part) => part.text)).toEqual(expected);
  });
  it('loses no character, whatever the text', () => {
    for (const text of ['IT60', 'IT60 IT60 IT60', `${IT}${LT}`, `\n${IT}\n>${LT}`, 'à€漢字 IT60 X05']) {
      expect(
        ibanSegments(text)
          .map((part) => part.text)
          .join(''),
      ).toBe(text);
    }
  });
});

it('groups by four and knows the shape', () => {
  expect(ibanGroups('LT12-9990.0002 0417 9981').join(' ')).toBe('LT12 9990 0002 0417 9981');
  expect(ibanLike('LT12 9990 0002 0417 9981')).toBe(true);
  expect(ibanLike('rossi-marmi.com')).toBe(false);
});
