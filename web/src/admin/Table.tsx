// The tables of an administrator. On phones each row becomes a block with the words of the head before its values; styles that do
// so take a table's meaning away from screen readers, so the roles are written out.
import type { ReactNode } from 'react';
import styles from './Table.module.css';

export interface Column {
  key: string;
  head: string;
  /** On one line, whatever the width. */
  short?: boolean;
  /** At the end of its row, as buttons are. */
  end?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: Column[];
  rows: readonly Row[];
  id: (row: Row) => string;
  /** What stands in the column of this key. */
  cell: (row: Row, key: string) => ReactNode;
}

export function Table<Row>({ label, columns, rows, id, cell }: TableProps<Row>) {
  return (
    <div className={styles.frame} role="group" aria-label={label} tabIndex={0}>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ key, head, end }) => (
              <th key={key} role="columnheader" scope="col" data-end={end || undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={id(row)} role="row">
              {columns.map(({ key, head, short, end }) => (
                <td key={key} role="cell" data-head={end ? '' : head} data-short={short || undefined} data-end={end || undefined}>
                  {cell(row, key)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
