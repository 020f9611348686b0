declare module 'wink-porter2-stemmer' {
  const stem: (word: string) => string;
  export = stem;
}

declare module 'stopword' {
  export const eng: readonly string[];
}
