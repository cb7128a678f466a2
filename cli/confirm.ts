import { createInterface } from 'node:readline'

/** Asks a question. `y` and `yes` mean yes; anything else, including the end of the input, means no. */
export function confirmed(
  question: string,
  streams: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream },
): Promise<boolean> {
  const reader = createInterface(streams)
  return new Promise((resolve) => {
    let isAnswered = false
    reader.once('close', () => {
      // The cursor is still on the question's line.
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
