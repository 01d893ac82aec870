import { App } from "cdktf";
import { findCheckout } from "./copies/checkout";
import { addKnownStacks } from "./runtimes/docker/known-stacks";

/**
 * The CDKTF app of cdktf.json: the images of this checkout and every docker copy as it was last deployed, `dev` where
 * there is none. It asks no engine and no registry, and changes nothing. `copy up` builds the same stacks.
 */
const app = new App();
addKnownStacks(app, findCheckout());
app.synth();
