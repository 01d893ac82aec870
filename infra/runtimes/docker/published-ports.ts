import { engineInUse, enginePlace } from "../../copies/engine-place";
import { canBind } from "../../copies/ports";
import { useEngine } from "../../images/engine";

/**
 * Whether a port could be published by the engine in use. One on another machine is asked what its containers publish;
 * what else listens there is found when a container starts.
 */
export async function isFree(port: number): Promise<boolean> {
  if (enginePlace(engineInUse()).isHere) return canBind(port);
  const published = await useEngine(["ps", "--format", "{{.Ports}}"]);
  return !published.includes(`:${port}->`);
}
