import { getOneDevice, listDevices, updateOneDevice } from "../../core/device/devices.ts";
import { removeDevices } from "../../core/device/remove-devices.ts";
import type { Json } from "../../core/json.ts";
import { userEndpoint } from "../endpoint.ts";
import { deviceIdOf, textOf } from "../parse-ids.ts";
import { requireUia } from "../pipeline/uia.ts";

const PASSWORD = [["m.login.password"]] as const;

/** The devices of the user. */
export const getDevices = userEndpoint({
  operationId: "getDevices",
  method: "GET",
  path: "/_matrix/client/v3/devices",
  rateLimit: "default",
  handle: async ({ auth }, services) => ({
    json: { devices: await listDevices(services, auth.user) },
  }),
});

/** One device of the user. */
export const getDevice = userEndpoint({
  operationId: "getDevice",
  method: "GET",
  path: "/_matrix/client/v3/devices/{deviceId}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: await getOneDevice(services, auth.user, deviceIdOf(params.deviceId)),
  }),
});

/** Names a device. */
export const updateDevice = userEndpoint({
  operationId: "updateDevice",
  method: "PUT",
  path: "/_matrix/client/v3/devices/{deviceId}",
  rateLimit: "default",
  bodySchema: "updateDevice",
  handle: async ({ auth, params, body }, services) => {
    await updateOneDevice(services, {
      user: auth.user,
      device: deviceIdOf(params.deviceId),
      displayName: textOf(body["display_name"]),
    });
    return { json: {} };
  },
});

/** Removes a device and ends its session. */
export const deleteDevice = userEndpoint({
  operationId: "deleteDevice",
  method: "DELETE",
  path: "/_matrix/client/v3/devices/{deviceId}",
  rateLimit: "login",
  bodySchema: "deleteDevice",
  handle: async (request, services) => {
    const device = deviceIdOf(request.params.deviceId);
    await requireUia(request, services, { flows: PASSWORD });
    await removeDevices(services, { user: request.auth.user, devices: [device] });
    return { json: {} };
  },
});

/** Removes several devices and ends their sessions. */
export const deleteDevices = userEndpoint({
  operationId: "deleteDevices",
  method: "POST",
  path: "/_matrix/client/v3/delete_devices",
  rateLimit: "login",
  bodySchema: "deleteDevices",
  handle: async (request, services) => {
    const devices = (request.body["devices"] as Json[]).map(deviceIdOf);
    await requireUia(request, services, { flows: PASSWORD });
    await removeDevices(services, { user: request.auth.user, devices });
    return { json: {} };
  },
});
