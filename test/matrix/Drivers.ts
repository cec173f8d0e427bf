/** The clients of the matrices. */
import { agUi } from "./AgUiDriver.ts"
import { aiSdk } from "./AiSdkDriver.ts"
import { native } from "./NativeDriver.ts"
import { openAi } from "./OpenAiDriver.ts"
import { clientPackage } from "./PackageDriver.ts"

export const drivers = [native, clientPackage, agUi, aiSdk, openAi]
