import type { Endpoint } from "../endpoint.ts";
import {
  getAccountData,
  getAccountDataPerRoom,
  setAccountData,
  setAccountDataPerRoom,
} from "./account-data.ts";
import { deactivateAccount } from "./account-deactivation.ts";
import {
  getConfigAuthed,
  getContentAuthed,
  getContentOverrideNameAuthed,
  getContentThumbnailAuthed,
} from "./authed-content-repo.ts";
import { ban, unban } from "./banning.ts";
import { getCapabilities } from "./capabilities.ts";
import {
  createContent,
  getConfig,
  getContent,
  getContentOverrideName,
  getContentThumbnail,
  uploadContent,
  uploadContentToMXC,
} from "./content-repo.ts";
import { createRoom } from "./create-room.ts";
import { uploadCrossSigningKeys, uploadCrossSigningSignatures } from "./cross-signing.ts";
import {
  getDelayedEvent,
  listDelayedEvents,
  manageDelayedEvent,
  scheduleDelayedEvent,
  updateDelayedEvent,
} from "./delayed-events.ts";
import {
  deleteDevice,
  deleteDevices,
  getDevice,
  getDevices,
  updateDevice,
} from "./device-management.ts";
import { deleteRoomAlias, getLocalAliases, getRoomIdByAlias, setRoomAlias } from "./directory.ts";
import { getEventContext } from "./event-context.ts";
import { defineFilter, getFilter } from "./filter.ts";
import { inviteUser } from "./inviting.ts";
import { joinRoom, joinRoomById } from "./joining.ts";
import {
  deleteRoomKeyBySessionId,
  deleteRoomKeys,
  deleteRoomKeysByRoomId,
  deleteRoomKeysVersion,
  getRoomKeyBySessionId,
  getRoomKeys,
  getRoomKeysByRoomId,
  getRoomKeysVersion,
  getRoomKeysVersionCurrent,
  postRoomKeysVersion,
  putRoomKeyBySessionId,
  putRoomKeys,
  putRoomKeysByRoomId,
  putRoomKeysVersion,
} from "./key-backup.ts";
import { claimKeys, getKeysChanges, queryKeys, uploadKeys } from "./keys.ts";
import { kick } from "./kicking.ts";
import { knockRoom } from "./knocking.ts";
import { forgetRoom, leaveRoom } from "./leaving.ts";
import { getJoinedRooms } from "./list-joined-rooms.ts";
import {
  getPublicRooms,
  getRoomVisibilityOnDirectory,
  queryPublicRooms,
  setRoomVisibilityOnDirectory,
} from "./list-public-rooms.ts";
import { getLoginFlows, login } from "./login.ts";
import { logout, logout_all } from "./logout.ts";
import { getRoomEvents } from "./message-pagination.ts";
import { getMutualRooms } from "./mutual-rooms.ts";
import { changePassword } from "./password-management.ts";
import { getPresence, setPresence } from "./presence.ts";
import { deleteProfileField, getProfileField, getUserProfile, setProfileField } from "./profile.ts";
import {
  deletePushRule,
  getPushRule,
  getPushRuleActions,
  getPushRules,
  getPushRulesGlobal,
  isPushRuleEnabled,
  setPushRule,
  setPushRuleActions,
  setPushRuleEnabled,
} from "./pushrules.ts";
import { getPushers, postPusher } from "./pusher.ts";
import { setReadMarker } from "./read-markers.ts";
import { postReceipt } from "./receipts.ts";
import { redactEvent } from "./redaction.ts";
import { refresh } from "./refresh.ts";
import { registrationTokenValidity } from "./registration-tokens.ts";
import { checkUsernameAvailability, register } from "./registration.ts";
import {
  getRelatingEvents,
  getRelatingEventsWithRelType,
  getRelatingEventsWithRelTypeAndEventType,
} from "./relations.ts";
import { reportEvent, reportRoom, reportUser } from "./report-content.ts";
import { getEventByTimestamp } from "./room-event-by-timestamp.ts";
import { roomInitialSync } from "./room-initial-sync.ts";
import { sendMessage } from "./room-send.ts";
import { setRoomStateWithKey } from "./room-state.ts";
import { getRoomSummary } from "./room-summary.ts";
import { upgradeRoom } from "./room-upgrades.ts";
import {
  getJoinedMembersByRoom,
  getMembersByRoom,
  getOneRoomEvent,
  getRoomState,
  getRoomStateWithKey,
} from "./rooms.ts";
import { search } from "./search.ts";
import { getSpaceHierarchy } from "./space-hierarchy.ts";
import { sync } from "./sync.ts";
import { deleteRoomTag, getRoomTags, setRoomTag } from "./tags.ts";
import { getThreadRoots } from "./threads-list.ts";
import { sendToDevice } from "./to-device.ts";
import { setTyping } from "./typing.ts";
import { searchUserDirectory } from "./users.ts";
import { getVersions } from "./versions.ts";
import { getTurnServer } from "./voip.ts";
import { getWellknown } from "./wellknown.ts";
import { getTokenOwner } from "./whoami.ts";

/** Every operation of the client-server API that is served, sorted by name. */
export const clientEndpoints: readonly Endpoint[] = [
  ban,
  changePassword,
  checkUsernameAvailability,
  claimKeys,
  createContent,
  createRoom,
  deactivateAccount,
  defineFilter,
  deleteDevice,
  deleteDevices,
  deleteProfileField,
  deletePushRule,
  deleteRoomAlias,
  deleteRoomKeyBySessionId,
  deleteRoomKeys,
  deleteRoomKeysByRoomId,
  deleteRoomKeysVersion,
  deleteRoomTag,
  forgetRoom,
  getAccountData,
  getAccountDataPerRoom,
  getCapabilities,
  getConfig,
  getConfigAuthed,
  getContent,
  getContentAuthed,
  getContentOverrideName,
  getContentOverrideNameAuthed,
  getContentThumbnail,
  getContentThumbnailAuthed,
  getDelayedEvent,
  getDevice,
  getDevices,
  getEventByTimestamp,
  getEventContext,
  getFilter,
  getJoinedMembersByRoom,
  getJoinedRooms,
  getKeysChanges,
  getLocalAliases,
  getLoginFlows,
  getMembersByRoom,
  getMutualRooms,
  getOneRoomEvent,
  getPresence,
  getProfileField,
  getPublicRooms,
  getPushers,
  getPushRule,
  getPushRuleActions,
  getPushRules,
  getPushRulesGlobal,
  getRelatingEvents,
  getRelatingEventsWithRelType,
  getRelatingEventsWithRelTypeAndEventType,
  getRoomEvents,
  getRoomIdByAlias,
  getRoomKeyBySessionId,
  getRoomKeys,
  getRoomKeysByRoomId,
  getRoomKeysVersion,
  getRoomKeysVersionCurrent,
  getRoomState,
  getRoomStateWithKey,
  getRoomSummary,
  getRoomTags,
  getRoomVisibilityOnDirectory,
  getSpaceHierarchy,
  getThreadRoots,
  getTokenOwner,
  getTurnServer,
  getUserProfile,
  getVersions,
  getWellknown,
  inviteUser,
  isPushRuleEnabled,
  joinRoom,
  joinRoomById,
  kick,
  knockRoom,
  leaveRoom,
  listDelayedEvents,
  login,
  logout,
  logout_all,
  manageDelayedEvent,
  postPusher,
  postReceipt,
  postRoomKeysVersion,
  putRoomKeyBySessionId,
  putRoomKeys,
  putRoomKeysByRoomId,
  putRoomKeysVersion,
  queryKeys,
  queryPublicRooms,
  redactEvent,
  roomInitialSync,
  reportEvent,
  reportRoom,
  reportUser,
  refresh,
  register,
  registrationTokenValidity,
  scheduleDelayedEvent,
  search,
  searchUserDirectory,
  sendMessage,
  sendToDevice,
  setAccountData,
  setAccountDataPerRoom,
  setPresence,
  setProfileField,
  setPushRule,
  setPushRuleActions,
  setPushRuleEnabled,
  setReadMarker,
  setRoomAlias,
  setRoomStateWithKey,
  setRoomTag,
  setRoomVisibilityOnDirectory,
  setTyping,
  sync,
  unban,
  updateDelayedEvent,
  updateDevice,
  upgradeRoom,
  uploadContent,
  uploadContentToMXC,
  uploadCrossSigningKeys,
  uploadCrossSigningSignatures,
  uploadKeys,
];
