// Sends messages through one transport of an echo service with the published
// SockJS client, and exits with 0 if all come back in order.
//
// node echo.cjs MODULES URL TRANSPORT
'use strict';
const [, , modules, url, transport] = process.argv;
const SockJS = require(require.resolve('sockjs-client', { paths: [modules] }));

const fail = (why) => {
  console.error(`${transport}: ${why}`);
  process.exit(1);
};
setTimeout(() => fail('timeout'), 30000);

const odd = 'münchen 😀 "quoted" \\ \u0000\u0001\n\r\t \u2028\u2029 \u200c\u202e \ufeff\ufff0\uffff';
const messages = [odd, '', odd.repeat(500)];
for (let i = 0; i < 100; i++) messages.push(`small ${i} ${odd}`);
// More than one streaming response carries.
for (let i = 0; i < 20; i++) messages.push(`${i}`.repeat(16000));

const socket = new SockJS(url, null, { transports: [transport] });
const got = [];
socket.onopen = () => {
  if (socket.transport !== transport) fail(`used ${socket.transport}`);
  for (const message of messages) socket.send(message);
};
socket.onmessage = (event) => {
  const i = got.push(event.data) - 1;
  if (event.data !== messages[i]) fail(`message ${i} is ${JSON.stringify(event.data.slice(0, 200))}`);
  if (got.length === messages.length) socket.send('close');
};
socket.onclose = (event) => {
  if (got.length !== messages.length) fail(`closed after ${got.length}: ${event.code} ${event.reason}`);
  if (event.code !== 3000 || event.reason !== 'Go away!') fail(`closed with ${event.code} ${event.reason}`);
  console.log(`${transport}: ${got.length} messages`);
  process.exit(0);
};
