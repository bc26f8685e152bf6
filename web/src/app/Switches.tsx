import { NativeSelect, SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { isLanguage, useLanguage } from '../i18n/i18n'
import { AutoIcon, MoonIcon, SunIcon } from '../ui/icons'
import { LANGUAGES, speak } from './language'
import css from './shell.module.css'
import { useShell } from './texts'

/** Switches are the language and the colour scheme; both are remembered by the browser. */
export function Switches() {
  const t = useShell()
  const language = useLanguage()
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const scheme = (value: MantineColorScheme, icon: React.ReactNode) => ({
    value,
    label: (
      <span className={css.schemeIcon} title={t(`scheme.${value}`)}>
        {icon}
        <span className={css.hidden}>{t(`scheme.${value}`)}</span>
      </span>
    ),
  })
  return (
    <div className={css.switches}>
      <NativeSelect
        size="xs"
        name="language"
        aria-label={t('language')}
        value={language}
        onChange={({ currentTarget: { value } }) => isLanguage(value) && speak(value)}
      >
        {LANGUAGES.map(({ code, name }) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </NativeSelect>
      <SegmentedControl
        size="xs"
        aria-label={t('scheme')}
        data={[
          scheme('light', <SunIcon size={14} />),
          scheme('dark', <MoonIcon size={14} />),
          scheme('auto', <AutoIcon size={14} />),
        ]}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as MantineColorScheme)}
      />
    </div>
  )
}
