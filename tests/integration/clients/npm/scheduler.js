// A framework on mesos-framework, as written for Mesos: `node scheduler.js HOST PORT GATE INSTANCES`.
// Its tasks run until the file GATE exists. It writes what it is told, a JSON list in each line, and ends
// with its stdin.
"use strict";

const { Scheduler, Mesos } = require("mesos-framework");

const mesos = Mesos.getMesos();
const [host, port, gate, instances] = process.argv.slice(2);
const say = (...words) => process.stdout.write(JSON.stringify(words) + "\n");

const variable = new mesos.Environment.Variable("GATE", gate);
const command = new mesos.CommandInfo(
    null,
    new mesos.Environment([variable]),
    true,
    "while [ ! -e \"$GATE\" ]; do sleep 0.1; done",
    null,
    null
);
const scheduler = new Scheduler({
    masterUrl: host,
    port: port,
    useZk: false,
    frameworkName: "gates-of-node",
    frameworkFailoverTimeout: 60,
    masterConnectionTimeout: 60,
    logging: { path: process.cwd(), fileName: "mesos-framework.log", level: "error" },
    restartStates: [],
    tasks: {
        gate: {
            priority: 1,
            instances: Number(instances),
            commandInfo: command,
            resources: { cpus: 0.1, mem: 32, ports: 1, disk: 0 }
        }
    },
    handlers: {}
});

scheduler.on("ready", () => scheduler.subscribe());
scheduler.on("subscribed", (told) => say("subscribed", told.frameworkId, told.mesosStreamId));
scheduler.on("heartbeat", () => say("heartbeat"));
scheduler.on("offers", (told) => say("offers", told.offers.length));
scheduler.on("update", (told) => say("update", told.status.task_id.value, told.status.state));
scheduler.on("error", (error) => say("error", error.message || error));
scheduler.on("sent_acknowledge", () => say("acknowledged"));

process.stdin.resume();
process.stdin.on("end", () => {
    scheduler.on("sent_teardown", () => process.exit(0));
    scheduler.teardown();
});
