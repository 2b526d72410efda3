// Light or dark: the system's choice until the person chooses.

const dark = () => {
  const chosen = document.documentElement.dataset.theme
  return chosen === undefined
    ? matchMedia('(prefers-color-scheme: dark)').matches
    : chosen === 'dark'
}

export function applySavedTheme() {
  const saved = localStorage.getItem('theme')
  if (saved === 'dark' || saved === 'light') document.documentElement.dataset.theme = saved
}

export function toggleTheme() {
  const next = dark() ? 'light' : 'dark'
  document.documentElement.dataset.theme = next
  localStorage.setItem('theme', next)
}

export const themeIcon = () => (dark() ? 'sun' : 'moon')
