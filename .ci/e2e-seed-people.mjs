// Gives Today, People and Computers their answers: who was late, who is missing and why, two computers that are one,
// and a Windows user whose name says whose it is.
import { computer, employee, latecomer, silent, suspect, twins } from '../web/e2e/seeded.mjs'

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

const at = (date, clock) => new Date(`${date}T${clock}:00+05:00`).toISOString()

function dayBefore(date) {
  const day = new Date(`${date}T12:00:00Z`)
  day.setUTCDate(day.getUTCDate() - 1)
  return day.toISOString().slice(0, 10)
}

export async function seedPeople({ dashboard, agent, person, link, until, date }) {
  const works = (uid, sid, day, clock, minutes) =>
    agent('/v2/agent/events', {
      computerUid: uid,
      userSid: sid,
      events: [
        { type: 'active_window', at: at(day, clock), durationSeconds: minutes * 60, processName: 'EXCEL.EXE', title: 'Savdo.xlsx' },
      ],
    })
  const seat = (uid, sid, user, more = {}) =>
    agent('/v2/agent/register', {
      computer: { computerUid: uid, name: uid, os: 'Windows 11 Pro', agentVersion: '2.0.0', ...more },
      users: [{ sid, domain: 'BANK', ...user }],
    })

  const usual = { organizationId: 1, name: 'Kunduzgi', days: EVERY_DAY, start: '09:00', end: '18:00', graceMinutes: 10, isDefault: true }
  await dashboard('POST', '/schedules', usual)
  const round = await dashboard('POST', '/schedules', { ...usual, name: 'Kecha-kunduz', start: '00:00', end: '00:00', graceMinutes: 0, isDefault: false })

  const late = await person(1, 'Savdo', latecomer.name)
  await seat(latecomer.uid, latecomer.sid, { username: 'savdo1' })
  await works(latecomer.uid, latecomer.sid, date, latecomer.came, 420)

  const missing = await person(1, 'Qorovullar', silent.name)
  await dashboard('PUT', '/schedules/assignments', { departmentId: missing.departmentId, scheduleId: round.id })
  await seat(silent.uid, silent.sid, { username: 'svetlana' })
  await works(silent.uid, silent.sid, dayBefore(date), '10:00', 60)
  await agent('/v2/agent/heartbeat', { computerUid: silent.uid, userSid: silent.sid, state: 'stopping', reason: 'error', detail: silent.detail })

  for (const uid of twins.uids) await seat(uid, twins.sid, { username: 'ombor' }, { name: twins.name, macAddress: twins.mac })
  await seat(suspect.uid, suspect.sid, { name: suspect.user, username: 'b.karimov' })

  await link(latecomer.sid, late.id)
  await link(silent.sid, missing.id)
  await until(`the reason why ${silent.uid} is silent`, async () => {
    const { items } = await dashboard('GET', '/computers?limit=100')
    return items.find(({ computerUid, stateReason }) => computerUid === silent.uid && stateReason === 'error')
  })
  await until(`that ${latecomer.name} was late`, async () => {
    const { people } = await dashboard('GET', `/presence/today?date=${date}&organization=1`)
    const seen = (name) => people.find((one) => one.name === name)
    return seen(latecomer.name)?.lateMinutes > 0 && seen(employee)?.computerUid === computer.uid
  })
}
