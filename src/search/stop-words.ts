/** English words too common to tell anything. They are neither indexed nor looked for. */
export const stopWords: ReadonlySet<string> = new Set(
  `a about am an and are as at be been but by can did do does for from had has have he her him his how i if in
  into is it its just me my no not of on or our she so than that the their them then there these they this to
  too us was we were what when where which who will with would you your s t
  dont doesnt didnt isnt im ive id ill youre its thats lets cant wont`.split(/\s+/),
);
