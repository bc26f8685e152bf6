import { Page } from '../../ui/Page'
import { SecondStep } from './SecondStep'
import { Sessions } from './Sessions'
import { useTexts } from './texts'
import { Tokens } from './Tokens'

/** SecurityPage is how the user's own account is guarded. */
export default function SecurityPage() {
  const t = useTexts()
  return (
    <Page title={t('title')}>
      <SecondStep />
      <Sessions />
      <Tokens />
    </Page>
  )
}
