import { SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { choose, isLanguage, useLanguage } from '../i18n/i18n'
import { AutoIcon, MoonIcon, SunIcon } from '../ui/icons'
import css from './shell.module.css'
import { useShell } from './texts'

const LANGUAGES = [
  { value: 'uz', label: <span lang="uz">Oʻz</span> },
  { value: 'ru', label: <span lang="ru">Рус</span> },
  { value: 'en', label: <span lang="en">Eng</span> },
]

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
      <SegmentedControl
        size="xs"
        aria-label={t('language')}
        data={LANGUAGES}
        value={language}
        onChange={(code) => isLanguage(code) && void choose(code)}
      />
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
