// The driver runs the published SDKs, unmodified, on behalf of the Go tests.
//
// It speaks one JSON object per line: requests on standard input, answers and
// handler calls on standard output. It knows nothing about chat. It creates
// SDK objects, calls their methods by name, keeps what they return under a
// handle so that later calls can be given the very same objects (the SDKs
// follow the links inside them), and reports every call of a handler.
//
//   {"id":1,"op":"client","sdk":"K158","apiKey":…,"host":…,"transport":…}
//   {"id":2,"op":"platform","sdk":"N","clientId":…,"clientSecret":…,"url":…}
//   {"id":3,"op":"connect","apiKey":…,"host":…,"username":…}
//   {"id":4,"op":"call","target":"h1","method":"startSession","args":[…]}
//   {"id":5,"op":"function","sdk":"C2106","name":"isTextMessage","args":[…]}
//   {"id":6,"op":"surface","sdk":"K158"}
//
// Inside args: {"$ref":"h3.channel"} is a kept object or a part of it, with
// "$with":{…} a copy of it with these members changed,
// {"$on":"name","pick":[…]} a handler whose calls are reported under that name,
// {"$assign":{…}} a function returning its argument with these members changed,
// {"$file":{"name":…,"type":…,"text":…,"times":…}} a File as a browser's file
// input gives it, with the text so many times, {"$bytes":"…"} a Buffer,
// {"$path":"…"} a stream of the file there, {"$undefined":true} nothing at all, {"$form":{"file":{…},"fields":{…}}}
// a form as back ends give it to their SDK.
//
// Answers: {"id":3,"handle":"h4","value":…} or {"id":3,"error":{…}}.
// Handler calls: {"on":"name","args":[…]}.

import { File } from 'node:buffer'
import { createReadStream, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)

// Standard output belongs to the protocol; what SDKs print goes to the log.
console.log = console.error
console.info = console.error

// Browsers and newer Node.js versions bring a WebSocket of their own.
globalThis.WebSocket = require('ws')

const kept = new Map()
let lastHandle = 0

function keep(object) {
  const handle = `h${++lastHandle}`
  kept.set(handle, object)
  return handle
}

function lookUp(path) {
  const [handle, ...rest] = path.split('.')
  if (!kept.has(handle)) throw new Error(`the driver keeps no object ${handle}`)
  return rest.reduce((object, name) => object?.[name], kept.get(handle))
}

function say(line) {
  process.stdout.write(JSON.stringify(line) + '\n')
}

// snapshot copies the data of an SDK object: no functions, and of a paginator
// only what an application can see of it.
function snapshot(value, pick, depth = 0) {
  if (typeof value === 'function' || value === undefined) return undefined
  if (value === null || typeof value !== 'object') return value
  if (depth > 24) return null
  if (Array.isArray(value)) return value.map((item) => snapshot(item, pick, depth + 1) ?? null)
  if (value instanceof Error) return describe(value)
  if (typeof value.startSession === 'function') return {} // a client is no data
  if (typeof value.nextPage === 'function') {
    return {
      items: value.items?.map((item) => snapshot(item, pick, depth + 1)),
      hasNextPage: value.hasNextPage,
      hasPrevPage: value.hasPrevPage,
    }
  }
  const copy = {}
  for (const [name, member] of Object.entries(value)) {
    if (pick && depth === 0 && !pick.includes(name)) continue
    const copied = snapshot(member, undefined, depth + 1)
    if (copied !== undefined) copy[name] = copied
  }
  return copy
}

// An HTTP client's answer also holds its request and its socket.
function snapshotAnswer(value) {
  if (value && typeof value === 'object' && 'status' in value && 'config' in value) {
    return {
      status: value.status,
      contentType: value.headers?.['content-type'],
      data: snapshot(value.data),
    }
  }
  return snapshot(value)
}

function describe(error) {
  return {
    name: error?.error ?? error?.name ?? typeof error,
    message: String(error?.message ?? error),
    status: error?.response?.status,
    data: snapshot(error?.response?.data),
  }
}

function build(spec) {
  if (spec === null || typeof spec !== 'object') return spec
  if (Array.isArray(spec)) return spec.map(build)
  if ('$ref' in spec) {
    const object = lookUp(spec.$ref)
    return '$with' in spec ? { ...object, ...build(spec.$with) } : object
  }
  if ('$on' in spec) {
    return (...args) => say({ on: spec.$on, args: args.map((arg) => snapshot(arg, spec.pick) ?? null) })
  }
  if ('$file' in spec) {
    const { name, type, text, times } = spec.$file
    return new File(Array(times ?? 1).fill(text), name, { type })
  }
  if ('$undefined' in spec) return undefined
  if ('$bytes' in spec) return Buffer.from(spec.$bytes)
  if ('$path' in spec) return createReadStream(spec.$path)
  if ('$form' in spec) {
    const FormData = require('form-data')
    const form = new FormData()
    for (const [name, value] of Object.entries(spec.$form.fields)) form.append(name, value)
    const { name, type, text } = spec.$form.file
    form.append('file', Buffer.from(text), { filename: name, contentType: type })
    return form
  }
  if ('$assign' in spec) return (object) => Object.assign({}, object, spec.$assign)
  return Object.fromEntries(Object.entries(spec).map(([name, member]) => [name, build(member)]))
}

// Clients that must not see a WebSocket fall back to SockJS, as on a runtime
// that has none.
const withoutWebSocket = new WeakSet()

function loadCore() {
  // @chatkitty/core keeps one client per API key for the life of a page. Every
  // client of a test is a page of its own, hence a module instance of its own.
  const file = require.resolve('@chatkitty/core')
  delete require.cache[file]
  return require(file)
}

function newClient({ sdk, apiKey, host, transport }) {
  if (sdk === 'K158') {
    const ChatKitty = require('chatkitty-classic').default
    const client = new ChatKitty({ apiKey, host, isSecure: false })
    if (transport === 'sockjs') withoutWebSocket.add(client)
    return client
  }
  if (sdk === 'C2106') {
    return loadCore().getSdkClient(apiKey, { $environment: { host, secure: false } })
  }
  throw new Error(`unknown client SDK ${sdk}`)
}

function newPlatform({ sdk, clientId, clientSecret, url }) {
  const modules = { N: 'chatkitty-platform', P: 'chatkitty-platform-sdk' }
  const { ChatKitty } = require(modules[sdk])
  const client = new ChatKitty({
    clientId,
    clientSecret,
    basePath: url,
    authorizationBasePath: `${url}/oauth/token`,
  })
  // The older SDK is from a time when Node.js had no forms of its own, and its
  // HTTP library takes no others than those that back ends brought along.
  if (sdk === 'P') client.apiConfiguration.formDataCtor = require('form-data')
  return client
}

function invoke(object, method, args) {
  if (typeof object?.[method] !== 'function') throw new Error(`no method ${method}`)
  if (!withoutWebSocket.has(object)) return object[method](...args)
  const hidden = globalThis.WebSocket
  delete globalThis.WebSocket
  try {
    return object[method](...args)
  } finally {
    globalThis.WebSocket = hidden
  }
}

const packages = { K158: 'chatkitty-classic', C2106: '@chatkitty/core' }

// surface lists what an SDK offers: of its objects whatever can be called, of
// its declarations what exists nowhere else. What is declared private is not
// offered.
function surface(sdk) {
  const exported = require(packages[sdk])
  const root = dirname(require.resolve(packages[sdk]))
  const files = { K158: ['chatkitty', 'chat-session', 'pagination'].map((name) => `lib/${name}.d.ts`), C2106: ['index.d.ts'] }
  const text = files[sdk].map((name) => readFileSync(join(root, name), 'utf8')).join('\n')
  // declared lists the public members of a class or an interface.
  const declared = (name) => {
    const found = new RegExp(`(?:class|interface) ${name}\\b[^{]*{\\n(.*?)\\n}`, 's').exec(text)
    if (!found) return []
    const member = /^ {4}(?!private |constructor\b|get )(?:static )?(?:readonly )?(\w+)\??[(:<]/
    return found[1].split('\n').flatMap((line) => member.exec(line)?.[1] ?? [])
  }
  const methods = (prototype) => Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(prototype, name).value === 'function',
  )
  const object = newClient({ sdk, apiKey: 'surface', host: 'localhost' })
  const functions = Object.keys(exported).filter((name) => /^[a-z]/.test(name) && name !== 'default' && typeof exported[name] === 'function')
  return {
    client: methods(Object.getPrototypeOf(object)),
    'chat session': [
      ...declared('StartChatSessionRequest').filter((name) => name.startsWith('on')),
      ...declared('ChatSession').filter((name) => !['channel', 'thread'].includes(name)),
    ],
    page: methods(exported.ChatKittyPaginator.prototype).filter((name) => declared('ChatKittyPaginator').includes(name)),
    connection: declared('ApiConnection'),
    package: [...functions, ...declared('ChatKittyImpl').filter((name) => name in Object.getPrototypeOf(object).constructor)],
  }
}

async function handle(request) {
  switch (request.op) {
    case 'client':
      return { handle: keep(newClient(request)) }
    case 'platform':
      return { handle: keep(newPlatform(request)) }
    case 'connect': {
      const { apiKey, username, host } = request
      const { connectApi } = loadCore()
      return { handle: keep(await connectApi({ apiKey, username, $environment: { host, secure: false } })) }
    }
    case 'surface':
      return { value: surface(request.sdk) }
    case 'function':
      return { value: snapshot(require(packages[request.sdk])[request.name](...build(request.args))) }
    case 'call': {
      const result = await invoke(lookUp(request.target), request.method, build(request.args ?? []))
      return { handle: keep(result), value: snapshotAnswer(result) }
    }
    default:
      throw new Error(`unknown request ${request.op}`)
  }
}

process.on('uncaughtException', (error) => say({ uncaught: String(error?.stack ?? error) }))
process.on('unhandledRejection', (error) => say({ uncaught: String(error?.stack ?? error) }))

// The classic SDK loads its SockJS client in the background and needs it as
// soon as a session starts.
require('chatkitty-classic')
await import('sockjs-client')
await new Promise(setImmediate)

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const request = JSON.parse(line)
    try {
      say({ id: request.id, ...(await handle(request)) })
    } catch (error) {
      say({ id: request.id, error: describe(error) })
    }
  })
  .on('close', () => process.exit(0))

say({ ready: true })
