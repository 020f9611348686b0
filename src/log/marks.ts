/** True for the log in which a member says how far it has read. */
export const isMarks = (log: string): boolean => log.startsWith('marks.');
