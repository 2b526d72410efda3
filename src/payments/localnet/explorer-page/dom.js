/** @module Elements from names, attributes and children, and how addresses and times are written. Text is only ever text. */

export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

/** `0:12ab34…cd56` */
export const short = (address) => `${address.slice(0, 8)}…${address.slice(-6)}`

export const when = (seconds) => new Date(seconds * 1000).toLocaleString()
