// The one door to the list of stop words.
import { eng } from 'stopword';

/** What contractions leave once their apostrophe is gone: lists of stop words have few of them. */
const contractions = `s t im ive id ill youre youve youll hes shes its were weve well theyre theyve thats theres whats
  whos lets dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt cant couldnt wont wouldnt shouldnt`;

/** English words too common to tell anything. They are neither indexed nor looked for. */
export const stopWords: ReadonlySet<string> = new Set([...eng, ...contractions.split(/\s+/)]);
