import { ActionIcon, Drawer, Menu, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { lazy, Suspense, useCallback, useState } from 'react'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import { signOut } from '../api/client'
import type { User } from '../api/types'
import { Boundary } from '../ui/ErrorNote'
import { KeyboardIcon, MenuIcon, OutIcon, SearchIcon, UserIcon } from '../ui/icons'
import { Empty, Page } from '../ui/Page'
import { Rows } from '../ui/parts'
import { Demo } from './Demo'
import { Fallback } from './Fallback'
import { detailsOf, homeOf, marks, menuOf, sectionsOf } from './routes'
import css from './shell.module.css'
import { Switches } from './Switches'
import { useShell } from './texts'
import { useShellKeys } from './shellKeys'
import { useFeed } from './useFeed'

const Palette = lazy(() => import('./palette/Palette'))
const KeySheet = lazy(() => import('./KeySheet'))

type Overlay = 'palette' | 'keys'

export function Brand() {
  return (
    <span className={css.brand}>
      <img src="/icon.svg" alt="" width="24" height="24" />
      Staff Control
    </span>
  )
}

/** Shell is what surrounds every page of who is signed in. */
export function Shell({ user }: { user: User }) {
  const t = useShell()
  const [opened, { open, close }] = useDisclosure(false)
  const [overlay, setOverlay] = useState<Overlay>()
  const leave = useCallback(() => setOverlay(undefined), [])
  useFeed()
  useShellKeys({ palette: () => setOverlay('palette'), keys: () => setOverlay('keys') })
  return (
    <div className={css.shell}>
      <a className="skip" href="#main">
        {t('skip')}
      </a>
      <header className={css.bar}>
        <ActionIcon aria-label={t('menu')} onClick={open} size={36}>
          <MenuIcon />
        </ActionIcon>
        <Brand />
        <span className={css.space} />
        <ActionIcon aria-label={t('palette')} onClick={() => setOverlay('palette')} size={36}>
          <SearchIcon />
        </ActionIcon>
      </header>
      <aside className={css.side}>
        <Side user={user} onOverlay={setOverlay} />
      </aside>
      <Drawer
        opened={opened}
        onClose={close}
        size={260}
        title={<Brand />}
        closeButtonProps={{ 'aria-label': t('menu') }}
        classNames={{ body: css.drawer }}
      >
        <Side user={user} onChoose={close} onOverlay={setOverlay} />
      </Drawer>
      <div className={css.content}>
        <Demo />
        <Fallback />
        <main id="main" className={css.main}>
          <Pages user={user} />
        </main>
      </div>
      <Suspense fallback={null}>
        {overlay === 'palette' && <Palette user={user} onClose={leave} onKeys={() => setOverlay('keys')} />}
        {overlay === 'keys' && <KeySheet onClose={leave} />}
      </Suspense>
    </div>
  )
}

interface SideProps {
  user: User
  onChoose?: () => void
  onOverlay: (overlay: Overlay) => void
}

function Side({ user, onChoose, onOverlay }: SideProps) {
  const t = useShell()
  const [location] = useLocation()
  const show = (overlay: Overlay) => {
    onChoose?.()
    onOverlay(overlay)
  }
  return (
    <>
      {!onChoose && <Brand />}
      <UnstyledButton className={css.find} onClick={() => show('palette')}>
        <SearchIcon size={16} />
        <span>{t('palette')}</span>
        <kbd aria-hidden="true">Ctrl K</kbd>
      </UnstyledButton>
      <nav aria-label={t('nav')} className={css.nav}>
        {menuOf(user.role).map(
          ({ name, path, title, icon: Icon }) =>
            Icon && (
              <Link
                key={path}
                href={path}
                onClick={onChoose}
                className={css.link}
                aria-current={marks(name, location, user.role) ? 'page' : undefined}
              >
                <Icon />
                {t(title)}
              </Link>
            ),
        )}
      </nav>
      <div className={css.foot}>
        <Switches />
        <Account user={user} onKeys={() => show('keys')} />
      </div>
    </>
  )
}

function Account({ user, onKeys }: { user: User; onKeys: () => void }) {
  const t = useShell()
  return (
    <Menu position="top-start" width={220} shadow="md">
      <Menu.Target>
        <UnstyledButton className={css.account} title={t('account')}>
          <UserIcon />
          <span>
            {user.name}
            <small>{t(user.role)}</small>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<UserIcon />} component={Link} href="/security">
          {t('security')}
        </Menu.Item>
        <Menu.Item leftSection={<KeyboardIcon />} onClick={onKeys}>
          {t('keys')}
        </Menu.Item>
        <Menu.Item leftSection={<OutIcon />} onClick={() => void signOut().catch(() => undefined)}>
          {t('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function Pages({ user }: { user: User }) {
  const t = useShell()
  const [location] = useLocation()
  const home = homeOf(user.role)
  return (
    <Boundary key={location}>
      <Suspense fallback={<Rows count={8} />}>
        <Switch>
          {[...sectionsOf(user.role), ...detailsOf(user.role)].map(({ path, page }) => (
            <Route key={path} path={path} component={page} />
          ))}
          <Route path={/^\/(?:sign-in)?$/}>{home ? <Redirect to={home} replace /> : <Nothing />}</Route>
          <Route>
            <Page title={t('lost.title')} lead={t('lost.hint')}>
              {null}
            </Page>
          </Route>
        </Switch>
      </Suspense>
    </Boundary>
  )
}

function Nothing() {
  const t = useShell()
  return (
    <Page title="Staff Control">
      <Empty title={t('none.title')} hint={t('none.hint')} />
    </Page>
  )
}
