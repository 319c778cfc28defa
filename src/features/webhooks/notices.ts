import { md } from '../../lib/md.ts'

const WHY = {
  receiver_gone: 'its receiver responded that it is gone (410)',
  receiver_failing: 'none of its deliveries has succeeded for five days'
}

/** Tells the owner of a webhook that nothing is sent any more. Its URL is not repeated: a thief may have set it. */
export const webhookDisabled = (id: string, reason: keyof typeof WHY) => (at: string) => ({
  subject: 'A webhook of your account was disabled',
  paragraphs: [
    md`The webhook ${id} of your Tasklane account was disabled at ${at}, because ${WHY[reason]}.`,
    md`Nothing is lost for now: when the receiver works again, set enabled to true, and it gets what has happened
       meanwhile, as far as the feed of changes goes back. If you do not need the webhook any more, delete it.`
  ]
})
