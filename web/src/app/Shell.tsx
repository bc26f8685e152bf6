import { ActionIcon, Drawer, Menu, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Suspense } from 'react'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import { signOut } from '../api/client'
import type { User } from '../api/types'
import { Boundary } from '../ui/ErrorNote'
import { MenuIcon, OutIcon, UserIcon } from '../ui/icons'
import { Empty, Page } from '../ui/Page'
import { Rows } from '../ui/parts'
import { homeOf, sectionsOf } from './routes'
import css from './shell.module.css'
import { Switches } from './Switches'
import { useShell } from './texts'

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
      </header>
      <aside className={css.side}>
        <Side user={user} />
      </aside>
      <Drawer
        opened={opened}
        onClose={close}
        size={260}
        title={<Brand />}
        closeButtonProps={{ 'aria-label': t('menu') }}
        classNames={{ body: css.drawer }}
      >
        <Side user={user} onChoose={close} />
      </Drawer>
      <main id="main" className={css.main}>
        <Pages user={user} />
      </main>
    </div>
  )
}

function Side({ user, onChoose }: { user: User; onChoose?: () => void }) {
  const t = useShell()
  const [location] = useLocation()
  return (
    <>
      {!onChoose && <Brand />}
      <nav aria-label={t('nav')} className={css.nav}>
        {sectionsOf(user.role).map(({ name, path, icon: Icon }) => (
          <Link
            key={path}
            href={path}
            onClick={onChoose}
            className={css.link}
            aria-current={location === path ? 'page' : undefined}
          >
            <Icon />
            {t(name)}
          </Link>
        ))}
      </nav>
      <div className={css.foot}>
        <Switches />
        <Account user={user} />
      </div>
    </>
  )
}

function Account({ user }: { user: User }) {
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
          {sectionsOf(user.role).map(({ path, page }) => (
            <Route key={path} path={path} component={page} />
          ))}
          <Route path="/">{home ? <Redirect to={home} replace /> : <Nothing />}</Route>
          <Route>
            <Page title={t('lost.title')}>
              <Empty title={t('lost.title')} hint={t('lost.hint')} />
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
