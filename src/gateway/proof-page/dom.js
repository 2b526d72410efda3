/** @module Elements from names, attributes and children. Text is only ever text. */

export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children)
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else if (value !== '' || key === 'open') element.setAttribute(key, value)
  element.append(...children)
  return element
}
