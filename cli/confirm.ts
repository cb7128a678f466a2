import { createInterface } from 'node:readline'

/** Asks a question; yes is `y` or `yes`, and anything else, the end of the input too, is no. */
export function confirmed(
  question: string,
  streams: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream },
): Promise<boolean> {
  const reader = createInterface(streams)
  return new Promise((resolve) => {
    let isAnswered = false
    reader.once('close', () => {
      // Behind the question, the cursor still stands on its line.
      if (!isAnswered) streams.output.write('\n')
      resolve(false)
    })
    reader.question(`${question} (y/N) `, (answer) => {
      isAnswered = true
      resolve(/^\s*y(es)?\s*$/i.test(answer))
      reader.close()
    })
  })
}
