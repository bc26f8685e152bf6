import type { ReactNode } from 'react'

// The few icons of the pages, drawn on a 24 by 24 grid. They are decoration: each stands beside a text or in a labelled button.

function icon(path: ReactNode) {
  return function Icon({ size = 18 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {path}
      </svg>
    )
  }
}

export const GatewayIcon = icon(
  <>
    <rect x="3" y="4" width="18" height="7" rx="2" />
    <rect x="3" y="13" width="18" height="7" rx="2" />
    <path d="M7 7.5h.01M7 16.5h.01M12 7.5h5M12 16.5h5" />
  </>,
)
export const ComputerIcon = icon(
  <>
    <rect x="3" y="4" width="18" height="12" rx="2" />
    <path d="M8 20h8M12 16v4" />
  </>,
)
export const AlertIcon = icon(<path d="M6 16V11a6 6 0 1 1 12 0v5l2 2H4zM10 21h4" />)
export const TerminalIcon = icon(
  <>
    <rect x="6" y="3" width="12" height="18" rx="2" />
    <circle cx="12" cy="9" r="2.5" />
    <path d="M8.5 16c.6-1.8 1.8-2.7 3.5-2.7s2.9.9 3.5 2.7" />
  </>,
)
export const MenuIcon = icon(<path d="M4 7h16M4 12h16M4 17h16" />)
export const UserIcon = icon(
  <>
    <circle cx="12" cy="8" r="4" />
    <path d="M4 21c1-4 4-6 8-6s7 2 8 6" />
  </>,
)
export const OutIcon = icon(<path d="M14 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h8M10 12h11M17 8l4 4-4 4" />)
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5" />
  </>,
)
export const MoonIcon = icon(<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z" />)
export const AutoIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 3v18a9 9 0 0 0 0-18z" fill="currentColor" />
  </>,
)
export const LeftIcon = icon(<path d="m15 5-7 7 7 7" />)
export const RightIcon = icon(<path d="m9 5 7 7-7 7" />)
export const DownIcon = icon(<path d="m5 9 7 7 7-7" />)
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />)
export const MinusIcon = icon(<path d="M5 12h14" />)
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M5 15H4V6a2 2 0 0 1 2-2h9v1" />
  </>,
)
export const CheckIcon = icon(<path d="m5 12 5 5 9-10" />)
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 5 5" />
  </>,
)
export const CloseIcon = icon(<path d="M6 6l12 12M18 6 6 18" />)
export const DownloadIcon = icon(<path d="M12 4v11M7 11l5 5 5-5M4 20h16" />)
export const WarningIcon = icon(<path d="M12 4 2.5 20h19zM12 10v4M12 17h.01" />)
export const FilterIcon = icon(<path d="M4 5h16l-6 8v6l-4-2v-4z" />)
export const ColumnsIcon = icon(<path d="M4 5h16v14H4zM10 5v14M15 5v14" />)
export const TodayIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 7v5l3.5 2" />
  </>,
)
export const PeopleIcon = icon(
  <>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 20c.7-3.8 3.2-5.5 6.5-5.5s5.8 1.7 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.8c2 .8 3.1 2.5 3.5 5.2" />
  </>,
)
export const PolicyIcon = icon(<path d="M9 3.5h6v3H9zM9 5H5.5v16h13V5H15M9 14l2 2 4-4.5" />)
export const KeyboardIcon = icon(
  <>
    <rect x="2.5" y="6" width="19" height="12" rx="2" />
    <path d="M6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8" />
  </>,
)
export const EditIcon = icon(<path d="M4 20l1-4.5L16 4.5a2 2 0 0 1 3 3L8 19zM14 6.5l3 3" />)
export const LinkIcon = icon(
  <path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-5.5l-1.5 1.5M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 5.5l1.5-1.5" />,
)
export const StatisticsIcon = icon(<path d="M4 20h16M7 16v-5M12 16V6M17 16v-8" />)
export const StorageIcon = icon(
  <>
    <ellipse cx="12" cy="6" rx="8" ry="3" />
    <path d="M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3" />
  </>,
)
export const DoorIcon = icon(<path d="M3 21h18M6 21V4h9v17M15 7h3v14M11.5 12.5h.01" />)
export const VisitorIcon = icon(
  <>
    <rect x="5" y="7" width="14" height="14" rx="2" />
    <path d="M9.5 7V3h5v4M8.5 18c.5-2 1.7-3 3.5-3s3 1 3.5 3" />
    <circle cx="12" cy="12.3" r="1.7" />
  </>,
)
export const EnterIcon = icon(<path d="M10 4h8a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-8M3 12h11M10 8l4 4-4 4" />)
export const PrintIcon = icon(<path d="M7 9V3h10v6M7 18H4v-9h16v9h-3M7 14h10v7H7z" />)
export const QrIcon = icon(
  <path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2v2h-2zM14 18h2v2h-2zM18 18h2v2h-2z" />,
)
