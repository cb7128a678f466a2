import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'

import { confirmed } from '../../cli/confirm.ts'
import { describe, it } from './suite.ts'

async function asked(typed: string): Promise<{ answer: boolean; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const answer = confirmed('Write this?', { input, output })
  input.end(typed)
  const result = await answer
  output.end()
  return { answer: result, shown: await text(output) }
}

describe('the question before writing', () => {
  for (const typed of ['y\n', 'Y\n', 'yes\n', ' yes \r\n']) {
    it(`takes for yes: ${JSON.stringify(typed)}`, async () => {
      assert.deepEqual(await asked(typed), { answer: true, shown: 'Write this? (y/N) ' })
    })
  }
  it('goes on on a line of its own where nobody answers', async () => {
    assert.deepEqual(await asked(''), { answer: false, shown: 'Write this? (y/N) \n' })
  })

  for (const typed of ['', '\n', 'n\n', 'no\n', 'yess\n', 'maybe\ny\n']) {
    it(`takes for no: ${JSON.stringify(typed)}`, async () => {
      assert.equal((await asked(typed)).answer, false)
    })
  }
})
