const { createServer } = require("node:http");

// The least that node:http does to send the bytes of an answer: the other side of the bench of kept answers.
const { headers, body } = JSON.parse(process.env["ANSWER"] ?? "{}");
const bytes = Buffer.from(body);

const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(bytes);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
